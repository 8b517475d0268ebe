"""Engines that run the SQL of the linkage."""
