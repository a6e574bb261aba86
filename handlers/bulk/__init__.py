"""A file with many customers: what people's spreadsheets make of it is read, or named by row and column."""
