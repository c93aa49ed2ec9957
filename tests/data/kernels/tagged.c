// Types with the tags of newer kernels, and structs that are only declared.
#define TYPE_TAG(x) __attribute__((btf_type_tag(#x)))
#define DECL_TAG(x) __attribute__((btf_decl_tag(#x)))

struct secret;
typedef struct secret* handle_t;
handle_t a_handle;
struct holder {
  struct secret TYPE_TAG(rcu) * inside;
} a_holder;

struct tagged {
  int TYPE_TAG(user) * text DECL_TAG(member);
  int plain;
} DECL_TAG(whole) a_tagged;
typedef int TYPE_TAG(user) TYPE_TAG(percpu) * user_text_t;
user_text_t a_user_text DECL_TAG(variable);

struct address;
struct room {
  struct address TYPE_TAG(user) * where;
  struct {
    int width;
    int depth;
  } floor;
  int (*enter)(struct room TYPE_TAG(rcu) *, int);
} a_room;
typedef int (*enter_t)(struct address*, int);
enter_t an_enter;
