"""Rules only the women's federation has."""
