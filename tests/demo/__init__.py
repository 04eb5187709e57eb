"""The synthetic city: nobody in it can exist, and the truth about it is known."""
