"""How fast the running suite is: figures to print, never to fail a build on."""
