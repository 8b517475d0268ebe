"""Pure functions from what people typed to what can be compared. No tables, no configuration."""
