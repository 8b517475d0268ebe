"""Inbeeld: police incidents and Veilig Thuis reports linked into one checked case view."""

__version__ = "0.1.0"
