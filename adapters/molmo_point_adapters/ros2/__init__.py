"""The ROS 2 node: a camera's images in, stamped points in pixels and metres out."""
