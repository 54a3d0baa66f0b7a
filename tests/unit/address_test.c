/* address_test.c: address_lookup, address_text, address_port. */
#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failures;

static void expect(bool good, const char *what, const char *got)
{
    if (!good) {
        printf("%s; got '%s'\n", what, got);
        failures++;
    }
}

static void text_is(const struct sockaddr *address, const char *wanted)
{
    char text[ADDRESS_TEXT_SIZE + 1];
    memset(text, '#', sizeof text);
    const char *answer = address_text(address, text);
    expect(answer == text, "address_text returns its buffer", answer);
    expect(strcmp(text, wanted) == 0, wanted, text);
    expect(text[ADDRESS_TEXT_SIZE] == '#', "address_text stays within its buffer", wanted);
}

static void v4(const char *host, uint16_t port, const char *wanted)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    text_is((struct sockaddr *)&address, wanted);
    expect(address_port((struct sockaddr *)&address) == port, "address_port", wanted);
}

static void v6(const char *host, uint16_t port, unsigned scope, const char *wanted)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
    inet_pton(AF_INET6, host, &address.sin6_addr);
    text_is((struct sockaddr *)&address, wanted);
    expect(address_port((struct sockaddr *)&address) == port, "address_port", wanted);
}

static void texts(void)
{
    v4("0.0.0.0", 0, "0.0.0.0:0");
    v4("255.255.255.255", 65535, "255.255.255.255:65535");
    v6("::", 0, 0, "[::]:0");
    v6("::1", 7000, 0, "[::1]:7000");
    v6("::ffff:127.0.0.1", 80, 0, "[::ffff:127.0.0.1]:80");
    v6("fe80::1", 1, 4000000000u, "[fe80::1]:1"); /* no such interface: its number is left out */
    v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, 0, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    struct sockaddr other = {.sa_family = AF_UNIX};
    text_is(&other, "?");
    expect(address_port(&other) == 0, "the port of no internet address is 0", "another");
}

static void found(const char *host, uint16_t port, int flags, const char *wanted)
{
    struct addrinfo *list = NULL;
    char text[ADDRESS_TEXT_SIZE] = "nothing";
    if (address_lookup(host, port, SOCK_STREAM, flags, &list) == -1) {
        expect(false, host, "refused");
        return;
    }
    expect(list->ai_socktype == SOCK_STREAM, "stream sockets were asked for", host);
    address_text(list->ai_addr, text);
    expect(strcmp(text, wanted) == 0, wanted, text);
    freeaddrinfo(list);
}

/* A refusal is reported in one line on stderr, which is caught here. */
static void refused(const char *host)
{
    struct addrinfo *list = NULL;
    char said[2048] = "";
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    int answer = address_lookup(host, 80, SOCK_STREAM, 0, &list);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    size_t length = fread(said, 1, sizeof said - 1, file);
    fclose(file);
    said[length] = '\0';
    expect(answer == -1, "a host that does not exist is refused", host);
    expect(length > 0 && strchr(said, '\n') == said + length - 1, "one line on stderr", said);
    expect(strstr(said, "host '") != NULL, "the line names the host", said);
    if (answer == 0)
        freeaddrinfo(list);
}

int main(void)
{
    texts();
    found("127.0.0.1", 7000, 0, "127.0.0.1:7000");
    found("127.0.0.1", 0, AI_PASSIVE, "127.0.0.1:0");
    found("::1", 65535, 0, "[::1]:65535");
    found("::", 1, AI_PASSIVE, "[::]:1");
    refused("");
    refused("127.0.0.1.");
    refused("1.2.3.4.5.invalid");
    refused("::1::");
    char endless[1500];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    refused(endless);
    return failures > 0;
}
