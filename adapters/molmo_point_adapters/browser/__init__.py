"""Pages in a browser, driven by Playwright."""
