"""Recorded drives (rosbag2) without ROS: ask every image, write the points back as a bag."""
