"""Search over all subjects, for programs; the page and the palette are app.web.search."""
