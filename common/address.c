#define _GNU_SOURCE /* NI_MAXHOST */
#include "common/address.h"

#include "common/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

int address_lookup(const char *host, uint16_t port, int socktype, int flags, struct addrinfo **list)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = socktype, .ai_flags = flags | AI_NUMERICSERV};
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    int error = getaddrinfo(host, service, &wanted, list);
    if (error == 0)
        return 0;
    if (error == EAI_SYSTEM)
        report_errno("host '%s'", host);
    else
        report("host '%s': %s", host, gai_strerror(error));
    return -1;
}

const char *address_text(const struct sockaddr *address, char *text)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        char interface[IF_NAMESIZE] = "";
        const char *percent = "";
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        if (v6->sin6_scope_id && if_indextoname(v6->sin6_scope_id, interface))
            percent = "%";
        snprintf(text, ADDRESS_TEXT_SIZE, "[%s%s%s]:%u", host, percent, interface, (unsigned)ntohs(v6->sin6_port));
    } else {
        snprintf(text, ADDRESS_TEXT_SIZE, "?");
    }
    return text;
}

uint16_t address_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    return 0;
}
