// What Swift cannot import of OpenSSL: macros, stacks, callbacks. Nothing here makes a system call on a socket.
#pragma once
#include <openssl/ssl.h>
