/// What a test of an application imports besides Swift Testing: the application's own imports, and a client.
@_exported import Martlet
