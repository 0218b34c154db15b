#include "CMartlet.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

int martlet_receive_datagrams(
    int socket, void *memory, size_t slot, struct martlet_datagram *datagrams, int count) {
    if (count > MARTLET_DATAGRAMS) count = MARTLET_DATAGRAMS;
    struct mmsghdr messages[MARTLET_DATAGRAMS];
    struct iovec parts[MARTLET_DATAGRAMS];
    _Alignas(struct cmsghdr) char control[MARTLET_DATAGRAMS][CMSG_SPACE(sizeof(int))];
    for (int i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = (char *)memory + (size_t)i * slot, .iov_len = slot};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &datagrams[i].address, .msg_namelen = sizeof datagrams[i].address, .msg_iov = &parts[i],
            .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
    }
    int got;
    do got = recvmmsg(socket, messages, (unsigned)count, MSG_DONTWAIT, NULL);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -errno;
    for (int i = 0; i < got; i++) {
        struct msghdr *message = &messages[i].msg_hdr;
        datagrams[i].offset = (size_t)i * slot;
        datagrams[i].count = messages[i].msg_len;
        datagrams[i].address_length = message->msg_namelen;
        datagrams[i].is_truncated = (message->msg_flags & MSG_TRUNC) != 0;
        datagrams[i].segment = 0;
        for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header))
            if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
                int segment;
                memcpy(&segment, CMSG_DATA(header), sizeof segment);
                datagrams[i].segment = segment > 0 ? (uint32_t)segment : 0;
            }
    }
    return got;
}

int martlet_send_datagrams(int socket, const void *memory, struct martlet_datagram *datagrams, int count) {
    if (count > MARTLET_DATAGRAMS) count = MARTLET_DATAGRAMS;
    struct mmsghdr messages[MARTLET_DATAGRAMS];
    struct iovec parts[MARTLET_DATAGRAMS];
    for (int i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = (char *)memory + datagrams[i].offset, .iov_len = datagrams[i].count};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        if (datagrams[i].address_length == 0) continue;
        messages[i].msg_hdr.msg_name = &datagrams[i].address;
        messages[i].msg_hdr.msg_namelen = datagrams[i].address_length;
    }
    int sent;
    do sent = sendmmsg(socket, messages, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t martlet_send_segments(
    int socket, const void *bytes, size_t count, uint16_t segment, const struct sockaddr *address, socklen_t length) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof segment)];
    memset(control, 0, sizeof control);
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {
        .msg_name = (void *)address, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
        .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(header), &segment, sizeof segment);
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int martlet_enable_gro(int socket) {
    int on = 1;
    return setsockopt(socket, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0 ? -errno : 0;
}

int martlet_group(int socket, const struct sockaddr *group, int interface, bool joins) {
    if (group->sa_family == AF_INET6) {
        struct ipv6_mreq request = {.ipv6mr_interface = (unsigned)interface};
        memcpy(&request.ipv6mr_multiaddr, &((const struct sockaddr_in6 *)group)->sin6_addr, sizeof(struct in6_addr));
        int name = joins ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
        return setsockopt(socket, IPPROTO_IPV6, name, &request, sizeof request) < 0 ? -errno : 0;
    }
    struct ip_mreqn request = {.imr_ifindex = interface};
    memcpy(&request.imr_multiaddr, &((const struct sockaddr_in *)group)->sin_addr, sizeof(struct in_addr));
    int name = joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
    return setsockopt(socket, IPPROTO_IP, name, &request, sizeof request) < 0 ? -errno : 0;
}

int martlet_multicast_interface(int socket, int family, int interface) {
    if (family == AF_INET6)
        return setsockopt(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, &interface, sizeof interface) < 0 ? -errno : 0;
    struct ip_mreqn request = {.imr_ifindex = interface};
    return setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) < 0 ? -errno : 0;
}
