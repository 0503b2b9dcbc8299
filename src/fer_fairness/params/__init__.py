"""Models of every parameter block, one file a pipeline or room."""
