/// What an application imports: the server, the loop and the types that handlers meet.
@_exported import HTTPTypes
@_exported import Logging
@_exported import MartletHTTP
@_exported import MartletLoop
@_exported import MartletNet
@_exported import MartletProcessPool
@_exported import MartletServer
@_exported import MartletTLS
@_exported import MartletWebSocket
@_exported import MartletWebSocketCodec
