"""The back room: reads catalogs, extracts metadata row by row, keeps the results."""
