// tls-handshakes PORT SECONDS full|resumed 1.2|1.3: completes TLS handshakes with a server on 127.0.0.1, one after the
// other in each of eight processes, and prints how many there were and how many failed. Resumed ones all go on from one
// session. Certificates are not looked at.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { processes = 8 };

static const char request[] = "GET /plaintext HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
static SSL_SESSION *kept;

static int keep(SSL *ssl, SSL_SESSION *session) {
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static SSL *start(SSL_CTX *context, const struct sockaddr_in *address) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // So that ports do not run out: the connection is cut when it is closed.
    struct linger cut = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address)) return close(fd), NULL;
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    return ssl;
}

static void end(SSL *ssl) {
    int fd = SSL_get_fd(ssl);
    // The session of a connection that ends without being shut down would not be resumed any more.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
    close(fd);
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    double seconds = atof(arguments[2]);
    int is_resumed = !strcmp(arguments[3], "resumed");
    int version = !strcmp(arguments[4], "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set1_groups_list(context, "X25519:P-256");
    if (is_resumed) {
        SSL_CTX_sess_set_new_cb(context, keep);
        SSL *ssl = start(context, &address);
        char buffer[4096];
        if (!ssl || SSL_connect(ssl) != 1 || SSL_write(ssl, request, sizeof request - 1) <= 0) return 1;
        while (SSL_read(ssl, buffer, sizeof buffer) > 0) {}
        end(ssl);
        SSL_CTX_sess_set_new_cb(context, NULL);
        if (!kept) return 1;
    }
    long (*results)[2] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < processes; i++) {
        if (fork()) continue;
        struct timespec begin, now;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        do {
            SSL *ssl = start(context, &address);
            if (ssl && is_resumed) {
                // OpenSSL uses a session of TLS 1.3 once.
                SSL_SESSION *copy = SSL_SESSION_dup(kept);
                SSL_set_session(ssl, copy);
                SSL_SESSION_free(copy);
            }
            int is_done = ssl && SSL_connect(ssl) == 1 && SSL_session_reused(ssl) == is_resumed;
            // Until the server has answered, it has not seen the end of the handshake of TLS 1.3.
            char byte[4096];
            is_done = is_done && SSL_write(ssl, request, sizeof request - 1) > 0 && SSL_read(ssl, byte, sizeof byte) > 0;
            results[i][is_done ? 0 : 1]++;
            if (ssl) end(ssl);
            clock_gettime(CLOCK_MONOTONIC, &now);
        } while ((double)(now.tv_sec - begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - begin.tv_nsec) < seconds);
        _exit(0);
    }
    while (wait(NULL) > 0) {}
    long done = 0, failed = 0;
    for (int i = 0; i < processes; i++) done += results[i][0], failed += results[i][1];
    printf("handshakes %ld %ld\n", done, failed);
    return failed > 0 || done == 0;
}
