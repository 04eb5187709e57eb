"""What every organisation has; differences come as a profile, a policy, own modules and own tables."""
