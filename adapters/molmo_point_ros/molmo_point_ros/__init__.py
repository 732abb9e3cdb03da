"""`ros2 run molmo_point_ros pointer`."""
