"""Methods that change predictions, one a module, found by themselves (`mitigation.registry`)."""
