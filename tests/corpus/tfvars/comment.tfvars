# image = "a:1"
/* image = "b:1" */
other = 1
