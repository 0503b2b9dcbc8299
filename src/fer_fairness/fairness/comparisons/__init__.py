"""What models change against a reference, over people and seeds, as one family of tests."""
