/* client_table.c: a list in both directions. To look up a name it is walked: that is done for what people type. */
#include "client_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client *table_add(struct client_table *table, int fd)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->fd = fd;
    client->previous = table->last;
    if (table->last != NULL)
        table->last->next = client;
    else
        table->first = client;
    table->last = client;
    table->count++;
    return client;
}

void table_remove(struct client_table *table, struct client *client)
{
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        table->first = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    else
        table->last = client->previous;
    table->count--;
}

void client_free(struct client *client)
{
    free(client->head);
    free(client->ends);
    free(client->traces);
    message_reader_free(&client->reader);
    queue_free(&client->queue);
    free(client);
}

struct client *table_find(const struct client_table *table, const char *name, size_t length)
{
    if (length == 0 || length >= NAME_SIZE)
        return NULL;
    for (struct client *client = table->first; client != NULL; client = client->next)
        if (strlen(client->name) == length && memcmp(client->name, name, length) == 0)
            return client;
    return NULL;
}

void table_name_guest(struct client_table *table, struct client *client)
{
    char name[NAME_SIZE];
    do
        snprintf(name, sizeof name, "guest%llu", ++table->guests);
    while (table_find(table, name, strlen(name)) != NULL);
    strcpy(client->name, name);
}
