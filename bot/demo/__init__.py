"""The demo: the whole bot against stand-ins, as a page and as a transcript."""
