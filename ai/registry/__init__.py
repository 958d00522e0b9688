"""Fitted models on the volume: manifests, switching, falling back, training as a job."""
