"""What is different on a host since a batch ran there: asked of its agent, compared with the batch's record."""
