"""Tables as files: CSV, JSON lines and Parquet to compute with, LaTeX and Markdown to publish."""
