"""`POST /api/events` and `POST /api/events/batch`: bodies, the queue, and the answers."""
