"""The gate as the process that it is."""
