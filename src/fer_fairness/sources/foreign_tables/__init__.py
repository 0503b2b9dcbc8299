"""Tables as others write them, of any format: opened, sized, and read column by column."""
