"""Methods that train, one a module, found by themselves (`mitigation.registry`)."""
