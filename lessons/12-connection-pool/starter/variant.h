/* Your variant of the task: the word with which each call begins, and the byte that ends it and its answer. "call" and a
 * newline if you have no seed; at most 6 letters, and one byte. */
#define CALL "call"
#define END "\n"
