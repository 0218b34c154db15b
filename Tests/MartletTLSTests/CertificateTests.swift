import MartletTLS
