// A kernel that has none of the types.
int only_this;
