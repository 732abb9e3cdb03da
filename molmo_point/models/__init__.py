"""The generations of models: transformers-native, a folder each, the same file names in every one."""
