"""What people see in a browser: pages, the live stream, health and metrics. aiohttp and Jinja2 live here only."""
