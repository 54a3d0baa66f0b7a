/* iterative.c: one client after another.
 *
 * While a client is served the others wait: their handshakes are complete, the kernel did that, and what they send is
 * kept for us. A client that is silent makes everybody wait; fork.c is the way out.
 */
#include "common/accept_again.h"
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "models.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int serve_iterative(int listen_fd, const struct server_options *options, struct narrator *narrator)
{
    bool trouble_said = false;
    int status = EXIT_DONE;
    for (long long served = 0; options->max_clients == 0 || served < options->max_clients;) {
        struct sockaddr_storage peer;
        socklen_t peer_size = sizeof peer;
        struct client client;

        if (options->pause_accept_ms && await(-1, 0, options->pause_accept_ms) == -1)
            break;
        if (narrate_call(narrator, "accept(%d)", listen_fd) == -1)
            break;
        narrate_wait(narrator, listen_fd, POLLIN, "no connection is waiting");
        if (await(listen_fd, POLLIN, -1) == -1)
            break;
        client.connection = accept(listen_fd, (struct sockaddr *)&peer, &peer_size);
        if (client.connection == -1) {
            if (accept_again(&trouble_said))
                continue;
            status = EXIT_WORLD;
            break;
        }
        trouble_said = false;
        set_descriptor_flags(client.connection); /* can't fail on an open socket */
        address_text((struct sockaddr *)&peer, client.address);
        narrate_result(narrator, client.connection, client.connection, "from %s", client.address);

        if (!echo_client(&client, options, narrator))
            break;
        served++;
    }
    close(listen_fd);
    return status;
}
