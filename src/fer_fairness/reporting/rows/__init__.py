"""The tables of the report as typed rows; those that one section alone reads live with it."""
