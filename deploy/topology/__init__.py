"""The bus as data: accounts, rights, streams, sources and consumers of HUB and of each organisation.

`config.server_config` gives the server's configuration, `provision.provision` what lives inside JetStream.
Both are safe to repeat; a later organisation is one more code in the list. Services never create anything.
"""
