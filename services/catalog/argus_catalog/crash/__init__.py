"""Why a job died: what kind of failure it was, and the lines that show it."""
