"""The handover report: what the appliance is, how it has been, and what is proven, sealed so that it can be checked later."""
