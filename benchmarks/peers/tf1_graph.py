"""The tutorial's softmax regression as a TensorFlow 1 graph."""

import tensorflow as tf

tf1 = tf.compat.v1


class Network:
    """geektutu's ``Network``."""

    def __init__(self):
        tf1.disable_eager_execution()
        self.x = tf1.placeholder(tf.float32, [None, 784])
        self.label = tf1.placeholder(tf.float32, [None, 10])
        self.w = tf1.Variable(tf.zeros([784, 10]))
        self.b = tf1.Variable(tf.zeros([10]))
        self.y = tf.nn.softmax(tf.matmul(self.x, self.w) + self.b)
        self.loss = -tf.reduce_sum(self.label * tf1.log(self.y + 1e-10))
        self.train = tf1.train.GradientDescentOptimizer(0.001).minimize(self.loss)
        right = tf.equal(tf.argmax(self.label, 1), tf.argmax(self.y, 1))
        self.accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
