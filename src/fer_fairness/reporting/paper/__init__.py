"""What of a report goes into a paper: its figures as files, with data and captions."""
