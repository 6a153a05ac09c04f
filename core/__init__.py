"""What both lanes share: settings, database, catalog, models and processes.

Imports nothing from ``rag``, ``batch`` or the pages.
"""
