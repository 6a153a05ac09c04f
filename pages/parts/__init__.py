"""Drawing shared by several pages; nothing in here is a page of its own."""
