"""What was measured and what is kept of it: series, spans, steps, gaps. Values and rules; no file and no server."""
