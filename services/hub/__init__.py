"""The hub: what belongs to no organisation alone. It knows organisations by their announcements only."""
