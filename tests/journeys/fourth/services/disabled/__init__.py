"""The disabled persons' federation (残联): a fourth organisation, for the test of joining."""
