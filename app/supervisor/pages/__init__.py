"""The supervisor's own pages on 8080: they work while everything else is down."""
