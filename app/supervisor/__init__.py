"""The keeper of the appliance: starts its services in order, watches them, heals what it can and says what it cannot."""
